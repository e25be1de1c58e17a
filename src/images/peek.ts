/**
 * The first bytes of a stream (`count`, fewer where it is shorter), and the whole stream from its start again. The
 * head is new memory; chunks stay valid only until the next one is asked for.
 */
export async function peek(
  source: AsyncIterable<Uint8Array>,
  count: number,
): Promise<{ head: Uint8Array; bytes: AsyncGenerator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) return { head: new Uint8Array(0), bytes: chain(undefined, iterator) }
  if (first.value.length >= count) {
    return { head: first.value.slice(0, count), bytes: chain(first.value, iterator) }
  }
  let start = first.value.slice()
  while (start.length < count) {
    const next = await iterator.next()
    if (next.done) break
    const longer = new Uint8Array(start.length + next.value.length)
    longer.set(start)
    longer.set(next.value, start.length)
    start = longer
  }
  return { head: start.slice(0, count), bytes: chain(start, iterator) }
}

async function* chain(first: Uint8Array | undefined, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first !== undefined) yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
