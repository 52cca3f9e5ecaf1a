/*
 * The page of the explorer: starts the app.
 */

import { render } from 'preact';
import { App } from './app.js';

render(<App />, document.getElementById('app') ?? document.body);
