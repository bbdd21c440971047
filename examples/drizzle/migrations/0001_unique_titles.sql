PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_books` (
	`id` integer PRIMARY KEY NOT NULL,
	`title` text NOT NULL,
	`stock` integer NOT NULL,
	CONSTRAINT "stock_is_enough" CHECK("__new_books"."stock" >= 0)
);
--> statement-breakpoint
INSERT INTO `__new_books`("id", "title", "stock") SELECT "id", "title", "stock" FROM `books`;--> statement-breakpoint
DROP TABLE `books`;--> statement-breakpoint
ALTER TABLE `__new_books` RENAME TO `books`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `books_title_unique` ON `books` (`title`);