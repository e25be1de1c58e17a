import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { argv } from 'node:process'

// As a program: node bench/feed-server.ts FOLDER. Serves the files of a folder to this machine, says at which address,
// and ends with its parent: a bench that waits for another process cannot answer requests itself.
const folder = argv[2]!
const server = createServer((request, response) => {
  const path = join(folder, normalize(decodeURIComponent(new URL(request.url!, 'http://localhost').pathname)))
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile() !== true) return response.writeHead(404).end()
  const etag = `"${found.size}-${found.mtimeMs}"`
  if (request.headers['if-none-match'] === etag) return response.writeHead(304, { etag }).end()
  response.writeHead(200, { etag, 'content-length': found.size, 'last-modified': found.mtime.toUTCString() })
  return createReadStream(path).pipe(response)
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.stdin.on('end', () => process.exit()).resume()
