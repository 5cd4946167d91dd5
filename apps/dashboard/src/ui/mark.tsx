/** The obelisk with its gilded tip. */
export function Mark({ className = "h-6 w-auto" }: { className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="6 0.5 12 23" className={className}>
      <path d="M12 1.5 14.8 5.4H9.2z" fill="var(--gold)" />
      <path d="M9 6.4h6l1.5 16.1h-9z" fill="currentColor" />
      <path d="M12 6.4h3l1.5 16.1H12z" fill="var(--surface)" opacity="0.28" />
    </svg>
  );
}
