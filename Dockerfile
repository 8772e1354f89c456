# tailrace as a container: hub by default, agent or any other command by arguments.
FROM node:20-slim AS build
WORKDIR /tailrace
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-slim
ENV NODE_ENV=production TAILRACE_LISTEN=0.0.0.0:7700
WORKDIR /tailrace
COPY --from=build /tailrace/package.json ./
COPY --from=build /tailrace/node_modules ./node_modules
COPY --from=build /tailrace/dist ./dist
RUN ln -s /tailrace/dist/cli/main.js /usr/local/bin/tailrace
USER node
EXPOSE 7700
# The hub is alive while it answers; the agent serves nothing and overrides this.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7700/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tailrace"]
CMD ["hub"]
