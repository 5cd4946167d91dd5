import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { readProblem } from "../api/problem.ts";

interface Schema<Output> {
  safeParse(
    value: unknown,
  ): { success: true; data: Output } | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
}

/**
 * A form checked by the schema that the server uses, too: faults show beside their fields once it was submitted, those that only the
 * server finds in the same places. `failure` is what belongs to no field.
 */
export function useSubmission<Output>(schema: Schema<Output>, values: unknown, send: (input: Output) => Promise<unknown>) {
  const [submitted, setSubmitted] = useState(false);
  const parsed = schema.safeParse(values);
  const sending = useMutation({ mutationFn: send });
  const refused = sending.isError ? readProblem(sending.error).errors : [];
  const own = submitted && !parsed.success ? parsed.error.issues : [];
  return {
    busy: sending.isPending,
    failure: sending.isError && refused.length === 0 ? sending.error : null,
    faultOf: (field: string): string | undefined =>
      refused.find((error) => error.path === field)?.message ?? own.find((issue) => issue.path[0] === field)?.message,
    submit: (event: FormEvent) => {
      event.preventDefault();
      setSubmitted(true);
      if (parsed.success && !sending.isPending) sending.mutate(parsed.data);
    },
  };
}
