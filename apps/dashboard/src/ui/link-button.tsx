import { createLink } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { ComponentProps } from "react";
import { type ButtonLook, buttonClass } from "./button.tsx";

function Anchor({ look = "secondary", small = false, className, ...rest }: ComponentProps<"a"> & { look?: ButtonLook; small?: boolean }) {
  return <a {...rest} className={clsx(buttonClass(look, small), className)} />;
}

/** A way to another page that looks like a button. */
export const LinkButton = createLink(Anchor);
