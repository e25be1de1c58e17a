/** What a failure code means to everyone who meets it. */
export interface FailureCode {
  /** One sentence without a full stop, for the reference. */
  readonly title: string
  /** Exit status of the command line: 2, the operation failed. */
  readonly exit: 2
}

/** Every code that a `Failure` may carry. Codes are stable: a retired one stays here and is never used again. */
export const failureCodes: Readonly<Record<string, FailureCode>> = {
  'engine/not-found': { title: 'The container engine does not have the image', exit: 2 },
  'engine/refused': { title: 'The container engine refused the request or failed', exit: 2 },
  'engine/unreachable': { title: 'The container engine does not answer, or may not be asked', exit: 2 },
  'feeds/broken': { title: 'A feed offers data that its source cannot have meant', exit: 2 },
  'feeds/damaged-store': { title: 'The advisory store is damaged or was changed by something else', exit: 2 },
  'feeds/locked': { title: 'Another process is updating the advisories', exit: 2 },
  'feeds/not-found': { title: 'A feed is not where it should be', exit: 2 },
  'feeds/replayed': { title: 'A feed offers older data than is held', exit: 2 },
  'feeds/store-version': { title: 'The advisory store is of another version of Sluice', exit: 2 },
  'feeds/unavailable': { title: 'Advisories are needed that are neither held nor can be fetched', exit: 2 },
  'feeds/unreadable': { title: 'A file of a feed cannot be read', exit: 2 },
  'feeds/unreadable-store': { title: 'The advisory store cannot be read', exit: 2 },
  'feeds/unwritable-store': { title: 'The advisory store cannot be written', exit: 2 },
  'http/address': { title: 'An address is not an http:// or https:// URL, or holds credentials', exit: 2 },
  'http/certificate': { title: "A server's certificate is not trusted", exit: 2 },
  'http/changed': { title: 'What was read changed while it was read', exit: 2 },
  'http/cut': { title: 'A connection broke', exit: 2 },
  'http/malformed': { title: "A server's answer is not HTTP", exit: 2 },
  'http/not-tls': { title: 'A server does not speak TLS where it should', exit: 2 },
  'http/proxy': { title: 'A proxy is set wrongly, does not answer or refuses', exit: 2 },
  'http/redirect': { title: 'A server redirects where nothing may follow it', exit: 2 },
  'http/refused-address': { title: 'A server led to an internal address that nobody named', exit: 2 },
  'http/status': { title: 'A server answered with an error', exit: 2 },
  'http/timeout': { title: 'A server did not answer in time', exit: 2 },
  'http/too-large': { title: 'An answer is longer than is allowed', exit: 2 },
  'http/unreachable': { title: 'A server cannot be reached', exit: 2 },
  'image/ambiguous': { title: 'The archive or layout holds several images, and none was chosen', exit: 2 },
  'image/damaged': { title: "The image's own documents cannot be read", exit: 2 },
  'image/no-platform': { title: 'The image is not there for the wanted platform', exit: 2 },
  'image/no-tag': { title: 'The archive or layout has no image of that name', exit: 2 },
  'image/not-an-image': { title: 'What the reference names is an artifact of another kind', exit: 2 },
  'image/not-found': { title: 'There is nothing of that name', exit: 2 },
  'image/platform': { title: 'The text is not a platform', exit: 2 },
  'image/schema1': { title: "The image has a manifest of Docker's first schema", exit: 2 },
  'image/too-large': { title: 'The image is larger than is allowed', exit: 2 },
  'image/unreadable': { title: 'The file may not be read, or reading it failed', exit: 2 },
  'image/unspooled': { title: 'A temporary file cannot be written: no room, or no right to', exit: 2 },
  'image/unsupported-engine': { title: 'Sluice cannot ask this container engine', exit: 2 },
  'reference/invalid': { title: 'The text is not an image reference', exit: 2 },
  'registry/credentials': { title: 'Stored credentials cannot be read, or a credential helper failed', exit: 2 },
  'registry/digest-mismatch': { title: 'A registry sent something else than was asked for', exit: 2 },
  'registry/not-found': { title: 'The registry does not have the image', exit: 2 },
  'registry/rate-limited': { title: 'The registry allows no more requests for now', exit: 2 },
  'registry/unauthorized': { title: 'The registry refuses access', exit: 2 },
  'registry/unreachable': { title: 'The registry cannot be reached or fails', exit: 2 },
}
