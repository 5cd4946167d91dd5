import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Modules the sign-in page runs on. They stand on nothing but each other, so that no chunk of the dashboard is loaded with them. */
const ofEntry = [
  /node_modules\/(react|react-dom|scheduler|use-sync-external-store|clsx|@tanstack\/(react-router|router-core|history|react-store|store))\//,
  /node_modules\/lucide-react\/dist\/esm\/(?!icons\/)/,
  /lucide-react\/dist\/esm\/icons\/(circle-exclamation-point|circle-check|x)\./,
  /src\/(api\/auth|ui\/(page-title|mark|toast|lazy-part)|features\/shell\/theme|routes\/(search|fallbacks|missing-code|arrive|auth-frame))\./,
];

const ofEveryPage = [/src\/(ui|api|features\/(session|live))\//, /node_modules\/(@radix-ui|@floating-ui|lucide-react)\//];

// Without groups every shared icon becomes a file of its own, and a page forty requests.
const groups = [
  { name: "base", priority: 2, test: (id: string) => ofEntry.some((pattern) => pattern.test(id)) },
  { name: "parts", priority: 1, test: (id: string) => ofEveryPage.some((pattern) => pattern.test(id)) && !/chart/.test(id) },
];

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    manifest: true,
    target: "es2023",
    // The content security policy has no data: in script-src or font-src; small assets stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups, includeDependenciesRecursively: false } } },
  },
  server: { proxy: { "/api": "http://127.0.0.1:3000", "/d": "http://127.0.0.1:3000" } },
});
