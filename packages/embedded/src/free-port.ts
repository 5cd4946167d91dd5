import { createServer } from "node:net";

/**
 * A TCP port of 127.0.0.1 that nothing listens on: the preferred one where it is free, another one otherwise.
 * Somebody may take it before it is used: whoever listens on it must be ready to fail.
 */
export async function freePort(preferred = 0): Promise<number> {
  const port = await tryPort(preferred);
  if (port !== null) return port;
  const other = preferred === 0 ? null : await tryPort(0);
  if (other === null) throw new Error("the system gave no free TCP port on 127.0.0.1: close programs that hold many connections open");
  return other;
}

/** Whether something listens on the port, on whatever address of this machine. */
export async function isPortTaken(port: number): Promise<boolean> {
  for (const host of ["127.0.0.1", "0.0.0.0", "::"]) if ((await tryPort(port, host)) === null) return true;
  return false;
}

function tryPort(port: number, host = "127.0.0.1"): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(null);
      // A machine without IPv6 has nothing on it either.
      else if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT") resolve(port);
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : null));
    });
  });
}
