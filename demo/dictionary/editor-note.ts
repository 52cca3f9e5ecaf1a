/** The note that the editor gives an entry. */
export function noteOf(documentId: string): string {
  return `Read, and found good: ${documentId}.`;
}
