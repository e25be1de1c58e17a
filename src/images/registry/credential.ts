/** What proves who we are to one registry. Never shown, never logged. */
export type Credential =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** A refresh token: exchanged for short-lived ones by POST. */
  | { readonly kind: 'identity'; readonly token: string }
  /** A token to send as it is. */
  | { readonly kind: 'bearer'; readonly token: string }
