# Made by Interlock (loader: activation): TensorFlow finds the CUDA libraries of this environment by LD_LIBRARY_PATH.
# So does every other program that is started in it. INTERLOCK_LOADER=off, set before the activation, turns it off.
if test "$INTERLOCK_LOADER" != off
    set -l site "$CONDA_PREFIX/@SITE@"
    set -l folders @FOLDERS@
    if set -q folders[1]; and not contains -- $folders[1] $LD_LIBRARY_PATH
        set -gx --path LD_LIBRARY_PATH $folders $LD_LIBRARY_PATH
    end
    if test -n "@XLA@"; and not string match -q '*xla_gpu_cuda_data_dir*' -- "$XLA_FLAGS"
        if test -z "$XLA_FLAGS"; or string match -q -- '-*' "$XLA_FLAGS"
            set -gx XLA_FLAGS (string trim -- "$XLA_FLAGS --xla_gpu_cuda_data_dir=\"$site/@XLA@\"")
        end
    end
end
