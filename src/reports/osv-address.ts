/** Where anybody can read about an id. */
export function osvAddress(id: string): string {
  return `https://osv.dev/vulnerability/${encodeURIComponent(id.toWellFormed())}`
}
