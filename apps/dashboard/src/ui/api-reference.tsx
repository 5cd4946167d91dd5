/** To the reference of the public API, which the server shows by itself. */
export function ApiReferenceLink() {
  return (
    <a href="/docs/api" className="text-accent underline underline-offset-4">
      API reference
    </a>
  );
}
