export function filesOf(name: string): string[];
