/**
 * Where an arrow key, Home or End goes from a place in a grid that is filled row by row; null for any other key.
 * Up from the first row and down from the last stay where they are; a short last row takes its last place.
 */
export function nextPosition(key: string, position: number, count: number, columns: number): number | null {
  const last = count - 1;
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, position - 1);
    case 'ArrowRight':
      return Math.min(last, position + 1);
    case 'ArrowUp':
      return position - columns >= 0 ? position - columns : position;
    case 'ArrowDown': {
      const isInLastRow = Math.floor(position / columns) === Math.floor(last / columns);
      return isInLastRow ? position : Math.min(last, position + columns);
    }
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}
