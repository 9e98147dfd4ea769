int of_the_parent(void);
int of_the_parent(void) { return 7; }
