import { useId } from 'react';

/** One line of text with its label above it, as it is typed. */
export function TextField({
  label,
  type,
  placeholder,
  value,
  onChange,
}: {
  label: string;
  /** `url` brings the keyboard for addresses. */
  type: 'text' | 'url';
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div className="min-w-48 flex-1 space-y-1">
      <label htmlFor={id} className="block text-sm text-ink-2">
        {label}
      </label>
      <input
        id={id}
        type={type}
        inputMode={type}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-9 w-full rounded-lg border border-line bg-surface px-3 text-sm placeholder:text-ink-2"
      />
    </div>
  );
}
