import { Button } from "./button.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";

interface ConfirmProps {
  open: boolean;
  /** What is asked, such as `Suspend transfers?` */
  title: string;
  /** What it does to whom, and for how long. */
  description: string;
  /** The button that leaves all as it is, and the one that does it. */
  keep: string;
  verb: string;
  busy: boolean;
  onClose: () => void;
  onConfirm: () => void;
}

/** Asks once more before something is done that others notice, and that can be undone. */
export function Confirm({ open, title, description, keep, verb, busy, onClose, onConfirm }: ConfirmProps) {
  return (
    <Dialog open={open} onOpenChange={onClose} title={title} description={description}>
      <DialogActions>
        <Button onClick={onClose}>{keep}</Button>
        <Button look="primary" busy={busy} onClick={onConfirm}>
          {verb}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
