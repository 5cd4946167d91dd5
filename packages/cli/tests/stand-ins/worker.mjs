// The worker.
import "./platform-program.mjs";
