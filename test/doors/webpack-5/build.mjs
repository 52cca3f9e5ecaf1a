import webpack from 'webpack';

webpack({ mode: 'production', entry: './page.js', output: { filename: 'page.js' } }, (error, stats) => {
  if (error) throw error;
  console.log(stats.toString());
  if (stats.hasErrors()) process.exitCode = 1;
});
