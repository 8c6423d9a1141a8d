# /// script
# dependencies = ["torch==2.13.0"]
#
# [tool.compat]
# kinds = ["hundreds of megabytes", "libraries of several wheels"]
# only = "+cpu"
# ///
"""The CPU build; where only a CUDA build is to be had, this case is skipped."""

import torch

model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
torch.manual_seed(0)
for parameter in model.parameters():
    torch.nn.init.constant_(parameter, 0.1)
loss = model(torch.ones(3, 4)).sum()
loss.backward()
print(
    round(loss.item(), 5),
    model[0].weight.grad.sum().round(decimals=4).item(),
    torch.jit.script(torch.nn.ReLU())(torch.tensor([-1.0, 2.0])),
)
print(torch.fft.fft(torch.ones(4)).real, len(list(torch.utils.data.DataLoader(range(6), batch_size=2, num_workers=2))))
