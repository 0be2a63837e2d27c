# As contas conectadas neste dispositivo.

picker-heading = Escolha uma conta
picker-other = Usar outra conta
