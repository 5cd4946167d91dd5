import "./styles/index.css";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { followSystemTheme } from "./features/shell/theme.ts";
import { router } from "./router.tsx";
import { Toaster } from "./ui/toast.tsx";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element with the id root");

followSystemTheme();

createRoot(root).render(
  <StrictMode>
    <RouterProvider router={router} />
    <Toaster />
  </StrictMode>,
);
