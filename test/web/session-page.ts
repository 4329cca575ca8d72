/** What runs in the page of session.test.ts: sessions in the page, or each in a worker, as the address says. */
import { createSession, isolatedSessions } from '@denary/runtime-web';
import { serveSessions } from './serve-sessions.js';

serveSessions(location.hash === '#worker' ? isolatedSessions() : createSession);
