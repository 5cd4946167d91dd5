import "./styles/index.css";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { followSystemTheme } from "./features/shell/theme.ts";
import { router } from "./router.tsx";
import { watchForMissingCode } from "./routes/missing-code.ts";
import { Toaster } from "./ui/toast.tsx";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element with the id root");

watchForMissingCode();
followSystemTheme();

// The code of the frame comes while the session is asked for, not after it. Where it can't be had, the router says so once it needs it.
if (location.pathname.startsWith("/dashboard")) {
  Promise.all([import("./routes/dashboard.tsx"), import("./features/shell/shell.tsx")]).catch(() => undefined);
}

createRoot(root).render(
  <StrictMode>
    <RouterProvider router={router} />
    <Toaster />
  </StrictMode>,
);
