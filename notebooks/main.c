#include <stdio.h>
#include <inches.h>
int main(void) { printf("%.2f in\n", inches(25.4 * 3)); return 0; }
