// Jest's jsdom has none of these.
const { TestEnvironment } = require('jest-environment-jsdom');

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    Object.assign(this.global, { MessageChannel, TextEncoder, TextDecoder });
  }
};
