/** The pages one finds something on: small, and loaded together, so that going from one to the other waits for no script. */

export { default as BrowsePage } from "./BrowsePage";
export { default as CategoryPage } from "./CategoryPage";
export { default as FollowingPage } from "./FollowingPage";
export { default as HomePage } from "./HomePage";
export { default as LivePage } from "./LivePage";
export { default as NotFoundPage } from "./NotFoundPage";
export { default as SearchPage } from "./SearchPage";
