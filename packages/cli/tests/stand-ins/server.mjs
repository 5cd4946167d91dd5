// The server.
import "./platform-program.mjs";
