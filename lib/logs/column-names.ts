/** Words in the names of columns that are seldom outputs. */
const oddWords = new Set(
  `id uuid idx index row no nr number time timestamp date datetime ts epoch latency duration elapsed ms msec sec secs
   seconds confidence conf entropy margin loss uncertainty energy temperature total sum max min mean count size width
   height bytes length split fold version label labels class target y true truth gt pred prediction predicted correct
   top1 unnamed took runtime uptime load cpu gpu mem memory ram kb mb gb mib gib us ns price cost fee tokens port status
   code attempt attempts retry retries queue depth batch threshold lat lon lng latitude longitude quality rating dauer
   laufzeit zeit antwortzeit groesse kosten preis`.split(/\s+/),
);

/** Whether a name is unusual for a class. A class may have it all the same: values decide first. */
export function isOdd(name: string): boolean {
  const parts = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  return (
    name.trim() === '' ||
    parts.every((part) => oddWords.has(part) || /^\d*$/.test(part)) ||
    oddWords.has(parts[parts.length - 1])
  );
}

/** Groups of columns with similar names: alike but for their numbers, or in their first or last word, whichever groups most of them. */
export function families(names: readonly string[], which: readonly number[]): number[][] {
  const keys: ((name: string) => string | null)[] = [
    (name) => (/\d/.test(name) ? name.toLowerCase().replace(/\d+/g, '#') : null),
    (name) => /^\W*([a-z][a-z0-9]*)[_\s.:\-[/]/i.exec(name)?.[1].toLowerCase() ?? null,
    (name) => /[_\s.:\-/]([a-z]+)\W*$/i.exec(name)?.[1].toLowerCase() ?? null,
  ];
  let best: number[][] = [];
  let [covered, widest] = [0, 0];
  for (const key of keys) {
    const groups = new Map<string, number[]>();
    for (const j of which) {
      const name = key(names[j]);
      if (name === null) continue;
      const group = groups.get(name);
      if (group) group.push(j);
      else groups.set(name, [j]);
    }
    const found = [...groups.values()].filter((group) => group.length > 1);
    const size = found.reduce((sum, group) => sum + group.length, 0);
    const largest = found.reduce((most, group) => Math.max(most, group.length), 0);
    if (size > covered || (size === covered && largest > widest)) {
      best = found;
      [covered, widest] = [size, largest];
    }
  }
  return best;
}
