import { useState } from "react";
import { Button } from "./button.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";
import { Failure } from "./failure.tsx";
import { Field, Input } from "./field.tsx";

interface ConfirmByNameProps {
  /** What is asked, such as `Deprovision transfers?` */
  title: string;
  /** What is lost. */
  description: string;
  /** The name to type, and of what it is. */
  name: string;
  of: string;
  /** The button that does it. */
  verb: string;
  busy: boolean;
  error?: unknown;
  onClose: () => void;
  onConfirm: () => void;
}

/** Asks for the name before something is done that can't be undone. Mount it anew each time, so that nothing is typed yet. */
export function ConfirmByName({ title, description, name, of, verb, busy, error, onClose, onConfirm }: ConfirmByNameProps) {
  const [typed, setTyped] = useState("");
  const matches = typed.trim() === name;
  return (
    <Dialog open onOpenChange={onClose} title={title} description={description}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (matches && !busy) onConfirm();
        }}
      >
        {error ? (
          <div className="mb-4">
            <Failure error={error} />
          </div>
        ) : null}
        <Field label={`Type ${name} to confirm`}>
          {(control) => (
            <Input {...control} value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />
          )}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>Keep it</Button>
          <Button type="submit" look="danger" busy={busy} refusal={matches ? null : `Type the ${of}'s name first.`}>
            {verb}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
