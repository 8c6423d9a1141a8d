# /// script
# dependencies = ["rdkit"]
#
# [tool.compat]
# kinds = ["data read by C++"]
# ///
"""Definitions that C++ opens by a path."""

import os

from rdkit import Chem, RDConfig
from rdkit.Chem import AllChem, ChemicalFeatures, Descriptors, rdFingerprintGenerator

factory = ChemicalFeatures.BuildFeatureFactory(os.path.join(RDConfig.RDDataDir, "BaseFeatures.fdef"))
molecule = Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O")
print(sorted({f.GetFamily() for f in factory.GetFeaturesForMol(molecule)}), round(Descriptors.MolWt(molecule), 2))
from rdkit.Chem import FilterCatalog

parameters = FilterCatalog.FilterCatalogParams()
parameters.AddCatalog(FilterCatalog.FilterCatalogParams.FilterCatalogs.PAINS)
print(FilterCatalog.FilterCatalog(parameters).GetNumEntries())
