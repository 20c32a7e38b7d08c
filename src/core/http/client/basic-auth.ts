/** Percent-decoded user info as an Authorization value. A stray `%` stands for itself. */
export function basicAuth(url: URL): string | undefined {
  if (url.username === '' && url.password === '') {
    return undefined;
  }
  const decode = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return `Basic ${Buffer.from(`${decode(url.username)}:${decode(url.password)}`).toString('base64')}`;
}
