double inches(double mm);
