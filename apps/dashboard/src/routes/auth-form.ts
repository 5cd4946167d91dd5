import { type FormEvent, useState } from "react";
import { AuthRefused } from "../api/auth.ts";

interface AuthFormOptions<Name extends string> {
  names: readonly Name[];
  /** What is wrong with what was typed, before the server is asked. */
  faultsOf(entries: Record<Name, string>): Partial<Record<Name, string>>;
  /** Asks the server and goes on from there. @throws AuthRefused */
  send(entries: Record<Name, string>): Promise<void>;
}

/** A form of a signed-out page: what was typed, what is wrong with it by itself or by the server's word, why else the server refused it. Nothing typed is lost to either. */
export function useAuthForm<Name extends string>({ names, faultsOf, send }: AuthFormOptions<Name>) {
  const [entries, setEntries] = useState(() => Object.fromEntries(names.map((name) => [name, ""])) as Record<Name, string>);
  const [faults, setFaults] = useState<Partial<Record<Name, string>>>({});
  const [refused, setRefused] = useState<AuthRefused | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (busy) return;
    const found = faultsOf(entries);
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFirstFault(form);
    setBusy(true);
    setRefused(null);
    try {
      await send(entries);
    } catch (error) {
      if (!(error instanceof AuthRefused)) throw error;
      const name = names.find((each) => each === error.field);
      if (!name) return setRefused(error);
      setFaults({ [name]: error.message } as Partial<Record<Name, string>>);
      focusFirstFault(form);
    } finally {
      setBusy(false);
    }
  };
  const field = (name: Name) => ({
    name,
    value: entries[name],
    onChange: (value: string) => {
      setEntries((before) => ({ ...before, [name]: value }));
      // What was wrong was said of what the form held before.
      setFaults(({ [name]: _, ...others }) => others as typeof faults);
      setRefused(null);
    },
    error: faults[name],
  });
  return { submit, field, busy, refused };
}

/** What is wrong with an e-mail address, as far as can be seen; spaces around it are taken away. */
export function emailFault(email: string): { email?: string } {
  const given = email.trim();
  if (!given) return { email: "Give your e-mail address." };
  return /^\S+@\S+$/.test(given) ? {} : { email: "This is not an e-mail address." };
}

/** Once the messages are there. */
function focusFirstFault(form: HTMLFormElement): void {
  requestAnimationFrame(() => form.querySelector<HTMLElement>("[aria-invalid]")?.focus());
}
