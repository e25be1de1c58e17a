/** Why an archive or one member cannot be read. */
export type ZipFault = 'damaged' | 'truncated' | 'encrypted' | 'unsupported' | 'not-zip'

/** Thrown by the zip reader. The message is one sentence without a full stop and may hold text from the archive. */
export class ZipError extends Error {
  readonly fault: ZipFault

  constructor(fault: ZipFault, message: string) {
    super(message)
    this.name = 'ZipError'
    this.fault = fault
  }
}
