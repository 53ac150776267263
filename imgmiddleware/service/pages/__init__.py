"""What a page needs of its pictures: links, sizes, markup."""
