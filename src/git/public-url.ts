/** An address as others may read it: without the password that an `ssh://` or other URL may hold. */
export function withoutPassword(address: string): string {
  if (!URL.canParse(address)) {
    return address;
  }
  const url = new URL(address);
  if (url.password === '') {
    return address;
  }
  url.password = '';
  return url.href;
}
