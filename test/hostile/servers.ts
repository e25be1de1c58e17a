import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'

/** A request as a server saw it. */
export interface Seen {
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/** Answers one request; whatever it starts ends with the connection. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => unknown

/** A server on this machine that notes what it is asked. */
export interface HostileServer {
  /** `127.0.0.1:port` */
  readonly host: string
  readonly origin: string
  readonly seen: Seen[]
  readonly close: () => Promise<void>
}

/** Starts a server that speaks HTTP as it should, whatever its answers hold. */
export async function serve(answer: Answer, address = '127.0.0.1'): Promise<HostileServer> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    seen.push({ path: request.url!, headers: request.headers })
    response.on('error', () => {})
    answer(request, response)
  })
  return opened(server, seen, address)
}

/** Starts a server that answers each request with bytes that need not be HTTP. */
export async function serveRaw(answer: (socket: Socket) => unknown): Promise<HostileServer> {
  const server = createTcpServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => answer(socket))
  })
  return opened(server, [], '127.0.0.1')
}

async function opened(server: Server, seen: Seen[], address: string): Promise<HostileServer> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, address, resolve)
  })
  const { port } = server.address() as AddressInfo
  const host = `${address.includes(':') ? `[${address}]` : address}:${port}`
  return {
    host,
    origin: `http://${host}`,
    seen,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Writes the same bytes as fast as the other side takes them, for ever. */
export function pour(target: ServerResponse | Socket, bytes: Uint8Array = new Uint8Array(65_536).fill(0x20)): void {
  const go = () => {
    while (!target.destroyed && target.write(bytes)) {
      // Until its buffer is full.
    }
  }
  target.on('drain', go)
  go()
}

/** Writes bytes one by one, five a second, from the beginning again at their end. */
export function drip(target: ServerResponse | Socket, text: string): void {
  let at = 0
  const timer = setInterval(() => target.write(text.charAt(at++ % text.length)), 200)
  target.on('close', () => clearInterval(timer))
}
