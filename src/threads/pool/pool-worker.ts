/*
 * The script of the threads of a search pool. Without a top-level await, which bundlers do not allow in every kind of
 * worker; an error ends the thread, as an unhandled rejection does.
 */

import { answerSearches } from './answer-searches.js';

void answerSearches();
