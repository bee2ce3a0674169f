/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a plugin, and looks for the library's names where all that is loaded
 * later would find them. */

#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *plugin;
    int (*plugin_main)(void);

    plugin = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
    if (plugin == NULL) {
        fprintf(stderr, "host: %s\n", argc == 2 ? dlerror() : "no plugin");
        return 1;
    }
    *(void **)&plugin_main = dlsym(plugin, "plugin_main");
    if (plugin_main == NULL || plugin_main() != 0) {
        fprintf(stderr, "host: the plugin does not work\n");
        return 1;
    }
    if (dlsym(RTLD_DEFAULT, "bufv_create") != NULL) {
        fprintf(stderr, "host: the plugin's library is everybody's\n");
        return 1;
    }
    printf("bufv in a plugin: good\n");
    return 0;
}
