# Made by Interlock (loader: activation): asks the script for sh, beside this, what becomes of each variable.
# One command a line: csh loses its place where a file that is sourced within a line of commands has blocks.
setenv __interlock_ask '. "$CONDA_PREFIX/etc/conda/deactivate.d/interlock-loader.sh"; printenv "$__interlock_name"'
setenv __interlock_name LD_LIBRARY_PATH
set __interlock_value = "`printenv __interlock_ask | sh`"
if ( "$__interlock_value" == "" ) unsetenv LD_LIBRARY_PATH
if ( "$__interlock_value" != "" ) setenv LD_LIBRARY_PATH "$__interlock_value"
setenv __interlock_name XLA_FLAGS
set __interlock_value = "`printenv __interlock_ask | sh`"
if ( "$__interlock_value" == "" ) unsetenv XLA_FLAGS
if ( "$__interlock_value" != "" ) setenv XLA_FLAGS "$__interlock_value"
unset __interlock_value
unsetenv __interlock_ask
unsetenv __interlock_name
