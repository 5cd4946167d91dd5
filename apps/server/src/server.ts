import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { roleUrl, systemRole } from "@obelisk/core/db/client";
import { listenForChanges } from "@obelisk/core/kernel/changes";
import { createLogger, type Logger } from "@obelisk/core/kernel/logger";
import { openPlatform } from "@obelisk/core/kernel/platform";
import { createAuthentication } from "@obelisk/core/modules/access";
import { boundCallers } from "./caller-connections.ts";
import { poolSizes, type ServerConfig } from "./config.ts";
import { createApp } from "./http/app.ts";

export interface RunningServer {
  port: number;
  logger: Logger;
  /** Stops accepting, lets requests under way end for at most 10 s, then closes everything. */
  stop(): Promise<void>;
}

/** Connections open at a time, at most a quarter of them from one network. */
const mostConnections = 10_000;

/** Longest a request under way may take once the server stops. */
const drainMs = 10_000;

/** Connects to the platform and serves. Resolves once the port is bound. */
export async function startServer(config: ServerConfig): Promise<RunningServer> {
  const logger = createLogger({ name: "server", level: config.logLevel });
  const { platform, close } = await openPlatform({
    name: "obelisk server",
    databaseUrl: config.databaseUrl,
    encryptionKeys: config.encryptionKeys,
    settings: config.settings,
    logger,
    role: "producer",
    connections: poolSizes,
  });
  const closing = new AbortController();
  const changes = await listenForChanges({
    connectionString: roleUrl(config.databaseUrl, systemRole, config.encryptionKeys[0] ?? ""),
    applicationName: "obelisk server changes",
    logger,
  });
  const authentication = createAuthentication(platform, {
    secret: config.authSecret,
    signInLimit: config.signInLimit,
    failureLimit: config.failureLimit,
  });
  const { app, close: closeApp } = createApp({ platform, authentication, changes, closing: closing.signal, options: config.http });
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 2_000,
    },
  }) as Server;
  server.maxConnections = mostConnections;
  if (config.loopbackOnly) turnOthersAway(server);
  // Behind a proxy of ours all connections are the proxy's.
  if (config.http.trustProxy !== true) boundCallers(server, mostConnections / 4);

  try {
    await listen(server, config.port);
  } catch (error) {
    await Promise.all([changes.close(), closeApp(), close()]);
    throw error;
  }

  let stopped: Promise<void> | null = null;
  const stop = async () => {
    closing.abort();
    await drain(server);
    await Promise.all([changes.close(), closeApp()]);
    await close();
  };
  return {
    port: (server.address() as AddressInfo).port,
    logger,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new Error(`port ${port} is taken: stop what uses it, or set PORT to another`) : error),
    );
    server.listen(port, () => resolve());
  });
}

const loopback = /^(::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/;

/**
 * Ends every connection that isn't to this machine's loopback. Listening on both loopback addresses would take two servers, and
 * listening on one would leave the port of the other to any program here.
 */
function turnOthersAway(server: Server): void {
  server.prependListener("connection", (socket) => {
    if (!loopback.test(socket.localAddress ?? "")) socket.destroy();
  });
}

/** Ends idle connections at once and the others when their request is answered, or when the time is over. */
async function drain(server: Server): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const idle = setInterval(() => server.closeIdleConnections(), 100);
  const force = setTimeout(() => server.closeAllConnections(), drainMs);
  await ended;
  clearInterval(idle);
  clearTimeout(force);
}
