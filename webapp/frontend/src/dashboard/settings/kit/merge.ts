/** What becomes of a form while somebody else changes the same settings: a merge of three, field by field. Pure. */

/** A form: what was read, what stands in it now, and where both somebody else and we changed the same. */
export interface Edited<T extends object> {
  readonly base: T;
  readonly draft: T;
  /** Fields in which `base` is somebody else's and `draft` is ours, until it is said which one counts. */
  readonly conflicts: readonly (keyof T & string)[];
  /** Fields that somebody else changed, and we did not, while we had changes of our own. */
  readonly news: readonly (keyof T & string)[];
}

export function begun<T extends object>(data: T): Edited<T> {
  return { base: data, draft: data, conflicts: [], news: [] };
}

/** Values of forms are what JSON has. */
export function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function fieldsOf<T extends object>(value: T): readonly (keyof T & string)[] {
  return Object.keys(value) as (keyof T & string)[];
}

/** Only the fields in which `draft` differs from `base`. */
export function changesOf<T extends object>(base: T, draft: T): Partial<T> {
  return Object.fromEntries(fieldsOf(draft).filter((name) => !same(draft[name], base[name])).map((name) => [name, draft[name]])) as Partial<T>;
}

export function isChanged<T extends object>({ base, draft }: Edited<T>): boolean {
  return !same(base, draft);
}

export function typed<T extends object>(form: Edited<T>, change: Partial<T>): Edited<T> {
  const draft = { ...form.draft, ...change };
  return { ...form, draft, conflicts: form.conflicts.filter((name) => !same(draft[name], form.base[name])) };
}

/** The server says what is set now. What we did not touch follows it; what we did stays as we typed it. */
export function told<T extends object>(form: Edited<T>, theirs: T): Edited<T> {
  const draft = { ...theirs };
  const conflicts: (keyof T & string)[] = [];
  const news: (keyof T & string)[] = [];
  const hasOwn = isChanged(form);
  for (const name of fieldsOf(theirs)) {
    const isOurs = name in form.draft && !same(form.draft[name], form.base[name]);
    const isTheirs = !same(theirs[name], form.base[name]);
    if (isOurs) draft[name] = form.draft[name];
    if (isOurs && (isTheirs || form.conflicts.includes(name)) && !same(draft[name], theirs[name])) conflicts.push(name);
    if (!isOurs && hasOwn && (isTheirs || form.news.includes(name))) news.push(name);
  }
  return { base: theirs, draft, conflicts, news };
}

/** `sent` was saved, and the answer is `theirs`. What was typed while it was under way stays. */
export function saved<T extends object>(form: Edited<T>, sent: Partial<T>, theirs: T): Edited<T> {
  const base = { ...form.base, ...sent };
  const next = told({ base, draft: form.draft, conflicts: [], news: [] }, theirs);
  return { ...next, conflicts: [], news: [] };
}

/** Of a conflict: ours counts. */
export function kept<T extends object>(form: Edited<T>, name: keyof T & string): Edited<T> {
  return { ...form, conflicts: form.conflicts.filter((one) => one !== name) };
}

/** Of a conflict: theirs counts. */
export function taken<T extends object>(form: Edited<T>, name: keyof T & string): Edited<T> {
  return typed(form, { [name]: form.base[name] } as unknown as Partial<T>);
}
