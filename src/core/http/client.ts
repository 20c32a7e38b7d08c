/** The one HTTP client: single requests, sessions that keep their connections, deliveries that are tried again. */
export { offeredSchemes, retryAfterMs } from './client/answer-headers.ts';
export { type DeliveryPolicy, deliver } from './client/deliver.ts';
export { openSession, sendRequest } from './client/send.ts';
export type {
  ClientCall,
  ClientCertificate,
  ClientRequest,
  ClientResponse,
  ClientSession,
  ClientSettings,
  Environment,
  OnData,
} from './client/types.ts';
