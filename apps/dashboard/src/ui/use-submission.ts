import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { readProblem } from "../api/problem.ts";

interface Schema<Output> {
  safeParse(
    value: unknown,
  ): { success: true; data: Output } | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
}

type Values = Readonly<Record<string, unknown>>;

/** Of what the server found wrong with what was sent: what still holds, because its field is as it was. Pure. */
export function stillRefused<Fault extends { path: string }>(faults: readonly Fault[], sent: Values, values: Values): Fault[] {
  const spelled = (of: Values, path: string) => JSON.stringify(of[path.split(".")[0] ?? ""]);
  return faults.filter(({ path }) => spelled(sent, path) === spelled(values, path));
}

/**
 * A form checked by the schema that the server uses, too: faults show beside their fields once it was submitted, those that only the
 * server finds in the same places, until the field changes. `failure` is what belongs to no field.
 */
export function useSubmission<Output>(schema: Schema<Output>, values: Values, send: (input: Output) => Promise<unknown>) {
  const [submitted, setSubmitted] = useState(false);
  const [sent, setSent] = useState(values);
  const parsed = schema.safeParse(values);
  const sending = useMutation({ mutationFn: send });
  const refused = sending.isError ? readProblem(sending.error).errors : [];
  const own = submitted && !parsed.success ? parsed.error.issues : [];
  return {
    busy: sending.isPending,
    failure: sending.isError && refused.length === 0 ? sending.error : null,
    faultOf: (field: string): string | undefined =>
      stillRefused(refused, sent, values).find((error) => error.path === field)?.message ??
      own.find((issue) => issue.path[0] === field)?.message,
    submit: (event: FormEvent) => {
      event.preventDefault();
      setSubmitted(true);
      if (!parsed.success || sending.isPending) return;
      setSent(values);
      sending.mutate(parsed.data);
    },
  };
}
