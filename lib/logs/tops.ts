/**
 * The classes of a row that may be its best: the first listed where the log has an order, else all with the largest number. Of numbers
 * that are rounded several may be the largest.
 * @param listed the classes that the log lists, in its order; none given where it lists all
 * @param ranked whether that order is the model's
 */
export function topsOf(row: ArrayLike<number>, listed?: ArrayLike<number>, ranked = false): number[] {
  if (listed && ranked && listed.length > 0) return [listed[0]];
  const places = listed && listed.length > 0 ? listed : Array.from({ length: row.length }, (_, j) => j);
  let tops: number[] = [];
  let most = -Infinity;
  for (let k = 0; k < places.length; k++) {
    const j = places[k];
    if (row[j] > most) [most, tops] = [row[j], [j]];
    else if (row[j] === most) tops.push(j);
  }
  // Numbers that are none have no largest.
  return tops.length > 0 ? tops.sort((a, b) => a - b) : [0];
}
