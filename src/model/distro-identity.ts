/** A distribution release, as `/etc/os-release` and its quirks tell it. */
export interface Distro {
  /** os-release `ID`, normalised: `debian`, `ubuntu`, `alpine`, `rhel`, `almalinux`, `rocky`, `amzn`, `ol`, `sles`, `wolfi`, … */
  readonly id: string
  /** os-release `VERSION_ID` as written (`12`, `3.20.1`, `9.4`, `22.04`); absent for rolling releases. */
  readonly version?: string
  /** os-release `VERSION_CODENAME`. */
  readonly codename?: string
  /** os-release `PRETTY_NAME`, for people. */
  readonly name: string
}
